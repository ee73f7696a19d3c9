"""An ECS Exec service and agent in Python that behave as the real ones are known to, quirks included.

Written from the public protocol only; it shares no code with ferry, so that a mistake of ferry's own two ends shows.
"""
