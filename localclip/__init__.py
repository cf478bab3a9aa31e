"""What a person uses: the command line, the local stack runner, the server for agents; all on `localclip_client`."""
