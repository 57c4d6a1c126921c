"""A program that hands the trace context in TRACEPARENT on, as one that OpenTelemetry instruments does by itself."""

import os
import sys
import urllib.request

request = urllib.request.Request(os.environ["ORDERS_URL"] + "/orders")
request.add_header("traceparent", os.environ["TRACEPARENT"])
with urllib.request.urlopen(request) as answer:
    print(sys.argv[2], answer.status)
