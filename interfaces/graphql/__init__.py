"""The GraphQL API: schema, documents and limits, cached replies, live feeds."""
