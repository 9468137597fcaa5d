"""A program as black box: a prompt on standard input, the team that its words speak of on standard output."""

import sys

TEAMS = {"charge": "billing", "invoice": "billing", "parcel": "delivery", "deliver": "delivery"}

prompt = sys.stdin.read().lower()
sys.stdout.write(next((team for word, team in TEAMS.items() if word in prompt), "technical"))
