// Package tcp follows a TCP connection from the middle: it sees the segments of
// both ends as they pass and knows what either end may send next. It is a pure
// value: no packet, no clock, no lock, and it imports nothing of ours.
//
// The tracker has two duties. It must never stand in the way of a segment that
// the other end would accept, and nobody who does not see the connection may
// change its state by guessing. Where the two pull in different directions the
// segment passes and the state stays: the ends know better than the middle
// (RFC 9293 section 3.10.7, RFC 5961).
//
// Start from Conn.Track.
package tcp
