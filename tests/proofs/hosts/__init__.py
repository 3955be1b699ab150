"""`script/prove hosts`: the whole line on hosts that set their sessions as they like, pooled or not."""
