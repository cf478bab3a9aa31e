"""The task database: tables, transactions, queries."""
