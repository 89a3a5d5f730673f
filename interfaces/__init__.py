"""Where requests come in: command line, HTTP, GraphQL, workers, and the composition root."""
