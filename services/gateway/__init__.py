"""The gateway: REST and event streams outside, the task database and all planning inside."""
