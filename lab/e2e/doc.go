// Package e2e tests the running binary between real servers and clients, each
// in a network namespace of its own. It has nothing but tests.
package e2e
