// Package helpers is what a session helper is: the contract of a protocol
// reader and speller, the registry of the built-in ones, and the framework that
// feeds them in-order bytes and carries out what they say. One folder below it
// holds one protocol; helpertest holds the laws that all of them are tested
// against.
//
// A helper's author starts from Helper, Segment and Findings. Whoever runs
// helpers starts from Control (TCP) or ReadDatagram (UDP), with an Announcer and an
// Output.
package helpers
