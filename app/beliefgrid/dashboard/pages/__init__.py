"""One file for each page: what it reads, its context, its route."""
