"""What a run made of its chances: the tally, its page, and the independent check of what was takeable."""
