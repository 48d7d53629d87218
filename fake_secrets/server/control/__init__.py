"""The control API of a server: what a test does with its handle, for those who have only HTTP.

Begin with `api`, which checks the token and finds the action for a request. `actions` has what changes a world,
`fault_forms` reads planned faults out of JSON, and `showing` has what shows a world. `page` is a page that shows it in
a browser. `refusal` is what an action raises if it can't do what it is asked.
"""
