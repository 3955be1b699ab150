"""Where failures come from, one folder each: what to look for, and how to judge what was seen."""
