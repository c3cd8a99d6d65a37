// Package mms reads the Microsoft Media Server protocol (MS-MMSP), in which a player
// says at which UDP port it waits for a stream. Start from Helper; README.md says what
// is read and what is refused.
package mms
