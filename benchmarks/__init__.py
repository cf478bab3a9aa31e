"""Speed and memory as ratios against something run beside them; `make bench` runs all of them."""
