"""The one result model. Reports and faces only read it."""
