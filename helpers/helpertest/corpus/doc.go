// Package corpus holds a few typical dialogues of every session helper, for tests
// that lead them through more than the framework. All is the list of them.
//
// A turn is not a text but a way to write one: with the endpoints and ports as who
// speaks knows them it is what is sent, and with those that who listens knows them by
// it is what must arrive. So nothing here says how a helper rewrites.
package corpus
