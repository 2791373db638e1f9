// Package graph is the GraphQL runtime: the generated executor, the HTTP handler, directives, limits and errors.
package graph
