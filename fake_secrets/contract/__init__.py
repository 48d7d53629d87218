"""The rotation contract: finds the bugs of a rotation function that kills, errors and repeated steps show.

Begin with `double`, the service that a check protects. `own_lines` finds the line of the function that makes a call.
"""
