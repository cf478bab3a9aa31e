"""Kills at random, and counts what is lost, double or left over: `make chaos`.

`plan` draws from a seed who is killed when and what people do meanwhile; `stack` runs and kills the processes; `people`
use the product all the while, and `listener` follows its events; `observed` reads what is there afterwards, and `count`
compares it with what was accepted.
"""
