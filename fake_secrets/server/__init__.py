"""A world over HTTP, for what runs outside of the test's process.

Begin with `messages`, which has the request and the answer that travel between the parts. `listener` accepts
connections on the loopback interface, and `connection` reads requests from one of them and writes the answers.
`heads` and `bodies` know HTTP, and `guard` keeps out what web pages send. `router` sends a request to the control
API or to `front_end`. `front_end` is AWS's: it refuses what isn't a request to Secrets Manager, before the world
is asked. The room knows the world by the protocol `Service` only.
"""
