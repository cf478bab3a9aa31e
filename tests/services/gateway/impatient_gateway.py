"""A gateway that closes slow connections after two seconds instead of a minute."""

from services.gateway.app import main
from services.gateway.web.connection import Connection

PERIOD_S = 2.0

if __name__ == "__main__":
    Connection.period_s, Connection.least_bytes = PERIOD_S, 2000
    main()
