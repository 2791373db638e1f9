// Package e2e tests the program from end to end: it builds it once, runs it as its users do, and sees it only from
// outside. The files' names say what is done to it.
package e2e
