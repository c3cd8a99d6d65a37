// Package talk reads the datagrams by which two users of different machines find
// each other for a conversation over TCP (4.2BSD's talk, 4.3BSD's ntalk). Start from
// Talk and NTalk; README.md says what is read and what is refused.
package talk
