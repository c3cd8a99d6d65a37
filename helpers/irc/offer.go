package irc

import (
	"bytes"
	"net/netip"

	"portcullis/helpers"
	"portcullis/packet"
)

// private reads a whole line that offers, or speaks of an offer, at seg.Data[at:].
func private(seg *helpers.Segment, s *state, f *helpers.Findings, at int) (int, step) {
	place := &s[places+int(seg.Dir)]
	text, n, what := line(seg.Data[at:])
	switch what {
	case stepCut:
		return 0, stepCut
	case stepForeign: // too long to be read
		*place = inRest
		return len("PRIVMSG"), stepOn
	}
	*place = atStart
	from, to := textOf(text)
	w, ok := wordsOf(text[from:to])
	switch {
	case !ok:
		return n, stepOn
	case seg.Dir == packet.Original && offers(w.kind):
		if w.port == 0 {
			return n, w.passive(f, at+from)
		}
		f.Announce(helpers.Expect{
			Proto: packet.ProtoTCP, Anyone: true, Endpoint: netip.AddrPortFrom(w.addr, w.port),
			Edit: helpers.Edit{Off: at + from + w.off, Len: w.len, Kind: spellBoth},
		})
		return n, stepFound
	case seg.Dir == packet.Original && is(w.kind, "ACCEPT"):
		return n, w.agreed(f, at+from, seg.Src.Addr())
	case seg.Dir == packet.Reply && is(w.kind, "RESUME"):
		return n, w.agreed(f, at+from, seg.Dst.Addr())
	}
	return n, stepOn
}

// offers says whether a word offers a connection.
func offers(kind []byte) bool {
	for _, k := range [...]string{"SEND", "CHAT", "TSEND", "SSEND", "SCHAT", "MOVE"} {
		if is(kind, k) {
			return true
		}
	}
	return false
}

// words are the words of an offer that matter.
type words struct {
	kind     []byte
	addr     netip.Addr
	port     uint16
	off, len int  // of address and port, or of the port alone
	more     bool // words follow
}

// wordsOf reads "SEND name address port ..." or "RESUME name port position ...": the
// name may be quoted and then have spaces. It reports false where that is not what b
// says.
func wordsOf(b []byte) (w words, ok bool) {
	for _, c := range b {
		if c < ' ' {
			return w, false
		}
	}
	kind, rest, ok := bytes.Cut(b, []byte{' '})
	w.kind = kind
	if !ok || len(rest) == 0 {
		return w, false
	}
	name := bytes.IndexByte(rest, ' ')
	if rest[0] == '"' {
		name = bytes.IndexByte(rest[1:], '"') + 2
		if name < 2 || name >= len(rest) || rest[name] != ' ' {
			return w, false
		}
	}
	if name <= 0 {
		return w, false
	}
	w.off = len(b) - len(rest) + name + 1
	rest = rest[name+1:]
	at := 0
	if offers(kind) {
		if w.addr, at = address(rest); at == 0 || at >= len(rest) || rest[at] != ' ' {
			return w, false
		}
		at++
	} else if !is(kind, "RESUME") && !is(kind, "ACCEPT") {
		return w, false
	}
	port, n := number(rest[at:], 65535)
	if n == 0 || at+n < len(rest) && rest[at+n] != ' ' {
		return w, false
	}
	w.port, w.len, w.more = uint16(port), at+n, at+n < len(rest)
	return w, true
}

// passive is an offer of who can not be reached, and asks the other end to wait
// (port 0 and a token). Its address announces nothing.
func (w words) passive(f *helpers.Findings, at int) step {
	if !w.more {
		return stepOn
	}
	f.Mention(helpers.Mention{
		Endpoint: netip.AddrPortFrom(w.addr, 0),
		Edit:     helpers.Edit{Off: at + w.off, Len: w.len - len(" 0"), Kind: spellAddress},
	})
	return stepFound
}

// agreed is half of the agreement to go on with a file where it broke off. It tells
// an offer of the client by its port.
func (w words) agreed(f *helpers.Findings, at int, client netip.Addr) step {
	if w.port == 0 {
		return stepOn
	}
	f.Mention(helpers.Mention{
		Endpoint: netip.AddrPortFrom(client, w.port),
		Edit:     helpers.Edit{Off: at + w.off, Len: w.len, Kind: spellPort},
	})
	return stepFound
}

// address reads the address that begins b, and how many bytes it takes: a number of
// 32 bits, or an address as it is written elsewhere (IPv6, and IPv4 of few clients).
func address(b []byte) (netip.Addr, int) {
	if v, n := number(b, 1<<32-1); n > 0 && (n == len(b) || b[n] == ' ') {
		return netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}), n
	}
	n := bytes.IndexByte(b, ' ')
	if n <= 0 || n > 45 {
		return netip.Addr{}, 0
	}
	a, ok := helpers.ParseAddr(b[:n])
	if !ok || a.Is4In6() {
		return netip.Addr{}, 0
	}
	return a, n
}

// number reads the decimal number that begins b: digits only, no leading zero, at
// most limit. It returns how many bytes it takes, 0 where there is none. The range
// is checked digit by digit, so nothing can wrap.
func number(b []byte, limit uint64) (v uint64, n int) {
	for n < len(b) && b[n] >= '0' && b[n] <= '9' {
		v = v*10 + uint64(b[n]-'0')
		n++
		if v > limit || n > 1 && b[0] == '0' {
			return 0, 0
		}
	}
	return v, n
}
