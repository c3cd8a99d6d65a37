package ftp

import (
	"bytes"
	"strings"

	"portcullis/helpers"
	"portcullis/packet"
)

// verbs are the commands that a client may begin with (RFC 959, 2228, 2389, 2428,
// 7151): one of them must come first. Later ones need only look like a command.
var verbs = []byte("USER PASS ACCT REIN QUIT NOOP HELP STAT SYST FEAT OPTS HOST LANG CLNT SITE " +
	"AUTH PBSZ PROT ADAT CSID TYPE PORT EPRT PASV EPSV")

// command reads the beginning of a client's line at seg.Data[at:], and the whole
// line where it matters. It returns how many bytes were read.
func command(seg *helpers.Segment, s *state, f *helpers.Findings, at int) (int, step) {
	data := seg.Data[at:]
	switch {
	case s[greeted] == 0:
		return 0, early(data, s, f)
	case data[0] >= 240: // Telnet's interrupt and data mark before ABOR (RFC 959 section 4.1.3)
		return 1, stepOn
	case data[0] == '\r' || data[0] == '\n':
		return 1, stepOn
	}
	verb, what := leadingVerb(data, s[spoken] != 0)
	if what == stepOn && s[spoken] == 0 && !known(verb) {
		what = stepForeign
	}
	if what != stepOn {
		f.Why = whyNoCommand
		return 0, what
	}
	k := kindOf(verb)
	if k == kindOther || k == kindPasv {
		if s.onlyEpsv() {
			k = kindOther
		}
		s[spoken], s[skipCommand] = 1, 1
		s.push(k)
		return len(verb), stepOn
	}
	text, n, what := line(data)
	switch what {
	case stepCut:
		return 0, stepCut
	case stepForeign: // too long to be one that matters
		s[spoken], s[skipCommand] = 1, 1
		s.push(kindOther)
		return len(verb), stepOn
	}
	s[spoken] = 1
	return n, argument(seg, s, f, at, verb, text, k)
}

// early judges a client that speaks before the server has greeted: with TLS from
// the first byte on (implicit FTPS), or in no way that FTP knows.
func early(data []byte, s *state, f *helpers.Findings) step {
	can, whole := helpers.BeginsHello(data)
	switch {
	case s[heard] != 0 || !can:
		f.Why = whySpokeFirst
	case !whole:
		return stepCut
	default:
		f.Why, f.Encrypted = whyEncrypted, true
	}
	return stepForeign
}

// overTLS says whether an argument of AUTH asks for TLS: RFC 4217 section 17 and
// what came before it.
func overTLS(arg []byte) bool {
	for _, name := range [...]string{"TLS", "TLS-C", "TLS-P", "SSL"} {
		if len(arg) == len(name) && strings.EqualFold(string(arg), name) {
			return true
		}
	}
	return false
}

// argument reads a whole line whose verb matters.
func argument(seg *helpers.Segment, s *state, f *helpers.Findings, at int, verb, text []byte, k kind) step {
	off := len(verb)
	for off < len(text) && text[off] == ' ' {
		off++
	}
	arg := bytes.TrimRight(text[off:], " ")
	e := helpers.Expect{Proto: packet.ProtoTCP}
	ok := false
	switch k {
	case kindEpsv:
		if bytes.EqualFold(arg, []byte("ALL")) {
			k = kindEpsvAll
		}
	case kindAuth:
		if overTLS(arg) {
			k = kindAuthTLS
		}
	case kindPort:
		if verb[0]|0x20 == 'p' {
			e.Endpoint, ok = sixNumbers(arg)
			e.Edit.Kind = spellNumbers
		} else {
			e.Endpoint, ok = extended(arg)
			e.Edit.Kind = spellExtended
		}
		if !ok || s.onlyEpsv() {
			s.push(kindOther)
			return stepOn
		}
	}
	s.push(k)
	if !ok {
		return stepOn
	}
	e.Edit.Off, e.Edit.Len = at+off, len(arg)
	f.Cancel = true
	f.Announce(e)
	return stepFound
}

// leadingVerb is the verb that begins data: three or four letters, or once FTP was
// recognised whatever servers have added since, such as XSHA256: letters and digits
// after a letter.
func leadingVerb(data []byte, recognised bool) ([]byte, step) {
	const maxVerb = 16
	for i, b := range data {
		letter := b|0x20 >= 'a' && b|0x20 <= 'z'
		switch {
		case b == ' ' || b == '\r' || b == '\n':
			if i < 3 {
				return nil, stepForeign
			}
			return data[:i], stepOn
		case i == maxVerb, i == 4 && !recognised:
			return nil, stepForeign
		case !letter && !(recognised && i > 0 && b >= '0' && b <= '9'):
			return nil, stepForeign
		}
	}
	return nil, stepCut
}

func known(verb []byte) bool {
	if len(verb) != 4 {
		return false
	}
	for i := 0; i < len(verbs); i += 5 {
		if bytes.EqualFold(verbs[i:i+4], verb) {
			return true
		}
	}
	return false
}

func kindOf(verb []byte) kind {
	if len(verb) != 4 {
		return kindOther
	}
	switch [4]byte{verb[0] &^ 0x20, verb[1] &^ 0x20, verb[2] &^ 0x20, verb[3] &^ 0x20} {
	case [4]byte{'P', 'O', 'R', 'T'}, [4]byte{'E', 'P', 'R', 'T'}:
		return kindPort
	case [4]byte{'P', 'A', 'S', 'V'}:
		return kindPasv
	case [4]byte{'E', 'P', 'S', 'V'}:
		return kindEpsv
	case [4]byte{'A', 'U', 'T', 'H'}:
		return kindAuth
	}
	return kindOther
}
