package ftp

import (
	"net/netip"

	"portcullis/helpers"
	"portcullis/packet"
)

// codeSize is a reply code and the byte behind it.
const codeSize = 4

// reply reads the beginning of a server's line at seg.Data[at:], and the whole line
// where it announces something.
func reply(seg *helpers.Segment, s *state, f *helpers.Findings, at int) (int, step) {
	data := seg.Data[at:]
	if inside := s.word(multiCode); inside != 0 {
		code, mark, what := lead(data)
		if what == stepCut {
			return 0, stepCut
		}
		if what != stepOn || code != inside || mark == '-' {
			s[skipReply] = 1
			return 0, stepOn
		}
	} else if data[0] == '\r' || data[0] == '\n' {
		return 1, stepOn
	}
	code, mark, what := lead(data)
	switch {
	case what == stepCut:
		return 0, stepCut
	case what == stepForeign:
		f.Why = whyNoReply
		if s[greeted] == 0 {
			f.Why = whyNoGreeting
		}
		return 0, stepForeign
	case mark == '-':
		s.setWord(multiCode, code)
		s[skipReply] = 1
		return codeSize, stepOn
	case code == 227 && s.awaits(kindPasv), code == 229 && s.awaits(kindEpsv):
		return passive(seg, s, f, at, code)
	}
	s.setWord(multiCode, 0)
	s[skipReply] = 1
	return 3, answered(s, f, code)
}

// lead is the code that begins a line, and the byte behind it: a space, a hyphen,
// or the line's end.
func lead(data []byte) (code uint16, mark byte, what step) {
	for i, b := range data {
		switch {
		case i == 3:
			if b != ' ' && b != '-' && b != '\r' && b != '\n' {
				return 0, 0, stepForeign
			}
			return code, b, stepOn
		case b < '0' || b > '9' || i == 0 && (b < '1' || b > '6'):
			return 0, 0, stepForeign
		}
		code = code*10 + uint16(b-'0')
	}
	return 0, 0, stepCut
}

// answered takes the end of a reply that announces nothing.
func answered(s *state, f *helpers.Findings, code uint16) step {
	if s[greeted] == 0 {
		switch {
		case code == 220:
			s[greeted] = 1
		case code != 120 && code < 400:
			f.Why = whyNoGreeting
			return stepForeign
		}
		return stepOn
	}
	if code < 200 {
		return stepOn // the final reply is still to come
	}
	switch k := s.pop(); k {
	case kindAuth, kindAuthTLS:
		if code == 234 || code == 334 { // 334: a mechanism that goes on asking, which TLS is not
			f.Why, f.Encrypted = whyEncrypted, k == kindAuthTLS && code == 234
			return stepForeign
		}
	case kindEpsvAll:
		if code < 300 {
			s[epsvAll] = 1
		}
	case kindPort:
		// A later command may have announced anew meanwhile.
		if code >= 400 && !s.awaits(kindPort) {
			f.Cancel = true
			return stepFound
		}
	}
	return stepOn
}

// passive reads a 227 or 229 reply to a command that is outstanding.
func passive(seg *helpers.Segment, s *state, f *helpers.Findings, at int, code uint16) (int, step) {
	data := seg.Data[at:]
	text, n, what := line(data)
	if what == stepCut {
		return 0, stepCut
	}
	s.setWord(multiCode, 0)
	k := kindPasv
	if code == 229 {
		k = kindEpsv
	}
	s.popTo(k)
	if what == stepForeign { // too long to be read
		s[skipReply] = 1
		return codeSize, stepOn
	}
	e, ok := announcement(text[3:], k, seg.Src.Addr())
	if !ok {
		return n, stepOn
	}
	e.Edit.Off += at + 3
	f.Cancel = true
	f.Announce(e)
	return n, stepFound
}

// announcement reads the text of a 227 or 229 reply. EPSV names no address: it is
// the server's own.
func announcement(text []byte, k kind, own netip.Addr) (e helpers.Expect, ok bool) {
	e.Proto = packet.ProtoTCP
	if k == kindPasv {
		e.Edit.Kind = spellNumbers
		e.Edit.Off, e.Edit.Len, ok = firstNumbers(text)
		if ok {
			e.Endpoint, ok = sixNumbers(text[e.Edit.Off : e.Edit.Off+e.Edit.Len])
		}
		return e, ok
	}
	var port uint16
	e.Edit.Kind = spellPort
	e.Edit.Off, e.Edit.Len, port, ok = bracketed(text)
	e.Endpoint = netip.AddrPortFrom(own, port)
	return e, ok
}
