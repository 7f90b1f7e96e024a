"""What is wrong with this machine, its packages or the servers it is told of, and the cure."""
