// Package behaviour is a test alone: it holds what the RFCs on NAT ask for
// against the scenarios of the engine, and writes docs/nat-behaviour.md.
//
//	go test ./engine/behaviour            is the page true?
//	go test ./engine/behaviour -update    write it
//
// Theory of operation.
//
// Each requirement is a record: what it asks, how strongly, and the attributes
// that change the answer. A record holds no verdict. That comes from remarks in
// the scripts of engine/testdata, which stand before the lines that show it:
//
//	# RFC 4787 REQ-5, REQ-6: default
//	# RFC 4787 REQ-1: not
//	# RFC 4787 REQ-1: permit-any-host = "enable"
//
// default says that what follows meets the requirement, and that the
// configuration in force there has none of the attributes that change the answer.
// not says that what follows breaks it under such a configuration. Anything else
// is what the configuration in force must say, and does; then it is met, or met in
// part where "partly" stands before. The
// comment of a Go test may hold the same lines, for what no packet shows.
//
// A scenario with such remarks is played here. Fail it, and the page fails. A
// requirement that nothing shows, a remark about none that there is, or an
// attribute that is not in force fails as well. What does not apply says why.
package behaviour
