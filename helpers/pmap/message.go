package pmap

import (
	"encoding/binary"
	"net/netip"

	"portcullis/packet"
)

// Words of RFC 5531 and of RFC 1833.
const (
	msgCall  = 0
	msgReply = 1

	rpcVersion = 2
	program    = 100000
	maxAuth    = 400 // bytes of a credential or verifier

	procGetPort     = 3 // of version 2
	procGetAddr     = 3 // of versions 3 and 4
	procGetVersAddr = 9 // of version 4
	procGetAddrList = 11
)

// kind tells a call that matters: 0 is none.
type kind uint8

const (
	isCall    kind = 1 << 0
	overUDP   kind = 1 << 1 // the program is asked for over UDP, else over TCP
	universal kind = 1 << 2 // the answer is a universal address, else a number
	isList    kind = 1 << 3 // the answer is a list of universal addresses
	allKinds  kind = 1<<4 - 1
)

// inRecord is the bit of Edit.Kind beside those of a kind: the edit is a whole
// record.
const inRecord = 1 << 7

func (k kind) proto() uint8 {
	if k&overUDP != 0 {
		return packet.ProtoUDP
	}
	return packet.ProtoTCP
}

// reader takes XDR (RFC 4506) off b until something is not there.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) word() uint32 {
	if len(r.b) < 4 {
		r.bad, r.b = true, nil
		return 0
	}
	v := binary.BigEndian.Uint32(r.b)
	r.b = r.b[4:]
	return v
}

// opaque is a length of at most limit, so many bytes, and what fills the last four.
func (r *reader) opaque(limit uint32) []byte {
	n := r.word()
	if n > limit || padded(int(n)) > len(r.b) {
		r.bad, r.b = true, nil
		return nil
	}
	v := r.b[:n]
	r.b = r.b[padded(int(n)):]
	return v
}

// auth skips a credential or a verifier.
func (r *reader) auth() {
	r.word()
	r.opaque(maxAuth)
}

func padded(n int) int { return (n + 3) &^ 3 }

// call is a call of the port mapper.
type call struct {
	xid, version, proc uint32
	args               []byte
}

// readCall reads a call, whatever it asks.
func readCall(msg []byte) (call, bool) {
	r := reader{b: msg}
	c := call{xid: r.word()}
	ok := r.word() == msgCall && r.word() == rpcVersion && r.word() == program
	c.version, c.proc = r.word(), r.word()
	r.auth()
	r.auth()
	c.args = r.b
	return c, ok && !r.bad
}

// wanted is what a call asks for that comes from own. Neither indirect calls nor the
// list of all programs ask for anything.
func (c *call) wanted(own netip.Addr) kind {
	r := reader{b: c.args}
	r.word() // program
	r.word() // version
	k := isCall
	switch {
	case c.version == 2 && c.proc == procGetPort:
		switch r.word() {
		case packet.ProtoTCP:
		case packet.ProtoUDP:
			k |= overUDP
		default:
			return 0
		}
		r.word()
	case c.version == 3 && c.proc == procGetAddr, c.version == 4 && (c.proc == procGetAddr || c.proc == procGetVersAddr):
		udp, ok := netid(r.opaque(8), own)
		if !ok {
			return 0
		}
		if udp {
			k |= overUDP
		}
		k |= universal
		r.opaque(maxText) // address
		r.opaque(maxText) // owner
	case c.version == 4 && c.proc == procGetAddrList:
		k |= isList
		r.opaque(maxText) // netid: whatever it is, all are told
		r.opaque(maxText)
		r.opaque(maxText)
	default:
		return 0
	}
	if r.bad || len(r.b) > 0 {
		return 0
	}
	return k
}

// maxText bounds a string of a call, in bytes.
const maxText = 256

// netid reads a network identifier of the family of own.
func netid(b []byte, own netip.Addr) (udp, ok bool) {
	switch string(b) {
	case "tcp":
		return false, own.Is4()
	case "udp":
		return true, own.Is4()
	case "tcp6":
		return false, own.Is6()
	case "udp6":
		return true, own.Is6()
	}
	return false, false
}

// beginsReply says whether msg begins as a reply does.
func beginsReply(msg []byte) bool {
	return len(msg) >= 8 && binary.BigEndian.Uint32(msg[4:]) == msgReply
}

// maxReply bounds a reply of one answer that is honoured, so that it can be spelt anew.
const maxReply = 192

// result finds where the result of a reply begins. It reports false where the call
// failed.
func result(msg []byte) (off int, ok bool) {
	r := reader{b: msg}
	r.word()
	ok = r.word() == msgReply && r.word() == 0 // accepted
	r.auth()
	ok = r.word() == 0 && ok // success
	return len(msg) - len(r.b), ok && !r.bad
}

// answer reads a reply of host own to a call of kind k: the port, and where what
// spells it begins, which ends with the message. Whatever address is told, the
// flow is one to own.
func (k kind) answer(msg []byte, own netip.Addr) (port uint16, off int, ok bool) {
	off, ok = result(msg)
	if !ok || len(msg) > maxReply {
		return 0, 0, false
	}
	r := reader{b: msg[off:]}
	if k&universal == 0 {
		n := r.word()
		return uint16(n), off, !r.bad && len(r.b) == 0 && n > 0 && n <= 0xffff
	}
	text := r.opaque(maxAddress)
	if r.bad || len(r.b) > 0 {
		return 0, 0, false
	}
	port, ok = universalPort(text, own)
	return port, off, ok
}
