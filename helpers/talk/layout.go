package talk

import (
	"encoding/binary"
	"net/netip"

	"portcullis/helpers"
)

// responseSize is the size of every response, in bytes.
const responseSize = 24

// layout says where the fields of a datagram are, from its start. Numbers are of
// network order but for those that nobody reads here.
type layout struct {
	request      int    // size of a request, in bytes
	version      byte   // the first byte; 0 where there is none
	kind, answer int    // one byte each
	addr         int    // of a request: where its sender waits for the conversation
	control      int    // of a request: where its sender waits for the response
	replied      int    // of a response: addr of who was looked up
	names        [2]int // of a request: who asks, who is asked for
	name         int    // size of a name
}

// Places in an address, which is a struct sockaddr_in: the family, a port, an IPv4
// address.
const (
	familyAt  = 0
	portAt    = 2
	addressAt = 4
)

// familyInet is AF_INET. Some write it in network order, some as their machine does,
// some as a length and a byte (4.4BSD).
const (
	familyInet = 2
	sizeInet   = 16
)

// endpoint reads an address. It reports false where it is none of IPv4's.
func endpoint(b []byte) (netip.AddrPort, bool) {
	if f := binary.BigEndian.Uint16(b[familyAt:]); f != familyInet && f != familyInet<<8 && f != sizeInet<<8|familyInet {
		return netip.AddrPort{}, false
	}
	at := netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[addressAt:])), binary.BigEndian.Uint16(b[portAt:]))
	return at, true
}

// begins says whether b begins as a datagram of l does.
func (l *layout) begins(b []byte) bool {
	return (l.version == 0 || b[0] == l.version) && b[l.kind] <= kindAnnounce
}

// isRequest says whether b is a request: of its size, from somebody and for somebody,
// with an IPv4 address to answer to.
func (l *layout) isRequest(b []byte) bool {
	if len(b) != l.request || !l.begins(b) {
		return false
	}
	for _, at := range l.names {
		if !isName(b[at : at+l.name]) {
			return false
		}
	}
	_, ok := endpoint(b[l.control:])
	return ok
}

// isName says whether b begins with printable characters and a zero.
func isName(b []byte) bool {
	for i, c := range b {
		switch {
		case c == 0:
			return i > 0
		case c <= ' ' || c > '~':
			return false
		}
	}
	return false
}

// isResponse says whether b is a response.
func (l *layout) isResponse(b []byte) bool {
	const lastAnswer = 8
	return len(b) == responseSize && l.begins(b) && b[l.answer] <= lastAnswer
}

// What bytes spell; Edit.Kind.
const (
	spellBoth    = 1 // a port and an address
	spellAddress = 2
)

// spell writes endpoint to. An IPv6 address can not be written: nothing is appended
// then.
func spell(dst, _ []byte, e helpers.Edit, to netip.AddrPort) []byte {
	addr := to.Addr().Unmap()
	if !addr.Is4() {
		return dst
	}
	if e.Kind == spellBoth {
		dst = binary.BigEndian.AppendUint16(dst, to.Port())
	}
	a := addr.As4()
	return append(dst, a[:]...)
}
