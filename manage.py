#!/usr/bin/env python
import sys

from cqrs_site import command_line

if __name__ == "__main__":
    command_line.run(sys.argv)
