// Package soak is a test alone: the dataplane and the engine, in memory, between
// two hosts with real TCP/IP stacks, on networks that lose, duplicate, reorder,
// damage and delay frames. Many short conversations cross at once; each checks
// every byte. Then all falls silent, time passes, and nothing may be left.
//
//	go test ./dataplane/soak -soak 30s -v
//	make soak SOAK=10m
//
// Theory of operation.
//
// host is a gVisor stack on the far end of a wire. client_test.go are the kinds
// of conversations that the client has with what the server serves; half of the
// server's addresses are reached through source NAT. enginetest.Ledger holds
// every session's start against its end. operator reads the session table
// and loads the configuration again all the while. weather is how bad the networks
// are. The policies allow TCP 21 and 7000 to 7010 and UDP 7000; the connections of
// FTP's data are opened by the helper or not at all.
package soak
