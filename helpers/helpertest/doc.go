// Package helpertest is the kit of laws that every session helper is tested
// against: Laws runs a known dialogue through all of them, Fuzz looks for one that
// breaks them. Start from Dialogue.
//
// The laws: a helper never panics; it answers equal input equally, from its
// arguments and its State alone; it does not touch its input; its edits are in
// order, apart and inside the data; it keeps within the bounds it states;
// cutting a stream anywhere changes nothing of what it finds, nor of the order, and where
// nothing is translated it finds the same but for what would be rewritten; what
// it spells, announced or mentioned, is read back as the endpoint that was written,
// and a length counts what was written. And through the framework, over a
// network that loses, doubles, reorders, cuts and merges: each end receives
// exactly what a rewriting of the whole stream in one go would have given it, and
// neither is told of bytes that it never sent; also where the session's control is
// written down and read again before each segment, as at a restart.
package helpertest
