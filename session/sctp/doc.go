// Package sctp follows an SCTP association from the middle (RFC 9260): it sees the
// packets of both ends as they pass and knows which verification tags either end
// may write. It is a pure value: no packet, no clock, no lock, and it imports
// nothing of ours.
//
// The tracker has the duties of package session/tcp: never to stand in the way of
// a packet that the other end would accept, and not to be moved by anybody who
// does not see the association. A verification tag is 32 bits that the receiver
// chose at random, and so is all that it takes: whoever knows it sees the packets.
// Of associations with several addresses it knows one pair of them.
//
// Start from Assoc.Track.
package sctp
