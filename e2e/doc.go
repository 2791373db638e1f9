// Package e2e tests the program end to end: it builds the program once, runs it as users do, and uses only its external
// interfaces.
package e2e
