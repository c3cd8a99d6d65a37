package irc

import "bytes"

// openings are the commands that a client may begin with (RFC 2812 section 3.1,
// IRCv3, WebIRC).
var openings = [...]string{"CAP", "PASS", "NICK", "USER", "STARTTLS", "WEBIRC"}

func opens(verb []byte) bool {
	for _, o := range openings {
		if is(verb, o) {
			return true
		}
	}
	return false
}

// is compares words of letters of either case.
func is(b []byte, word string) bool {
	return len(b) == len(word) && bytes.EqualFold(b, []byte(word))
}

// leadingVerb is the command that begins data: letters and digits.
func leadingVerb(data []byte) ([]byte, step) {
	const maxVerb = 32
	for i, b := range data {
		switch {
		case b == ' ' || b == '\r' || b == '\n':
			if i == 0 {
				return nil, stepForeign
			}
			return data[:i], stepOn
		case i == maxVerb, (b|0x20 < 'a' || b|0x20 > 'z') && (b < '0' || b > '9'):
			return nil, stepForeign
		}
	}
	return nil, stepCut
}

// line returns the whole line that begins data, without its end, and how many
// bytes it takes. The step is stepCut where more bytes are needed, and stepForeign
// where the line is too long to be read.
func line(data []byte) ([]byte, int, step) {
	i := bytes.IndexByte(data[:min(len(data), maxLine)], '\n')
	switch {
	case i >= 0:
		return bytes.TrimSuffix(data[:i], []byte{'\r'}), i + 1, stepOn
	case len(data) < maxLine:
		return nil, 0, stepCut
	}
	return nil, 0, stepForeign
}

// dcc is how the text of an offer begins (CTCP), behind the colon.
const dcc = "\x01DCC "

// begins says whether "PRIVMSG nick :\x01DCC " begins data, or could.
func begins(data []byte) step {
	at := len("PRIVMSG")
	if at < len(data) && data[at] != ' ' {
		return stepForeign
	}
	at++
	for at < len(data) && data[at] > ' ' {
		at++
	}
	if at > maxLine-len("  :"+dcc) || at < len(data) && (data[at] != ' ' || at == len("PRIVMSG ")) {
		return stepForeign
	}
	if at >= len(data) {
		return stepCut
	}
	rest := data[at+1:]
	for i := range min(len(rest), 1+len(dcc)) {
		if i == 0 && rest[i] != ':' || i > 0 && rest[i] != dcc[i-1] {
			return stepForeign
		}
	}
	if len(rest) < 1+len(dcc) {
		return stepCut
	}
	return stepOn
}

// textOf is where the words of an offer are in a line that begins as begins says:
// behind "\x01DCC ", up to the \x01 that may end it.
func textOf(line []byte) (from, to int) {
	from = bytes.IndexByte(line, 1) + len(dcc)
	to = len(line)
	if to > from && line[to-1] == 1 {
		to--
	}
	return from, to
}
