// Package helpers is what a session helper is: the contract of a protocol
// reader and speller, the registry of the built-in ones, and the framework that
// feeds them in-order bytes and carries out what they say. One folder below it
// holds one protocol.
package helpers
