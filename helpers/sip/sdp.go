package sip

// description is a session description that is read line by line.
type description struct {
	origin  connection
	host    connection
	quiet   bool
	n       int    // m-lines so far
	media   media  // the last of them, valid iff n > 0
	first   uint16 // the port of the first that has no address of its own
	ignored bool   // the lines are of an m-line that is not read
}

// describe reads a session description and announces its media.
func (r *reader) describe(s span) {
	b := r.data[:s.to]
	if s.to-s.from < 2 || b[s.from] != 'v' || b[s.from+1] != '=' {
		return
	}
	var d description
	for at := s.from; at < s.to; {
		end := lineEnd(b, at)
		if end < 0 {
			end = s.to
		}
		line := span{at, end}
		if at = end; b[line.from] == 'a' && line.to-line.from > 4 && !attributes[b[line.from+2]] {
			continue // as most are
		}
		if line = lineOf(b, line); line.to-line.from > 2 && b[line.from+1] == '=' {
			r.line(&d, b[line.from], span{line.from + 2, line.to})
		}
	}
	r.announce(&d)
	r.place(&d.origin, d.first)
	r.place(&d.host, d.first)
}

// lineOf is a line without the white space around it: CRLF, mostly.
func lineOf(b []byte, s span) span {
	if l := s.of(b); len(l) > 2 && l[0] > ' ' && l[len(l)-2] == '\r' && l[len(l)-3] > ' ' {
		return span{s.from, s.to - 2}
	}
	return trim(b, s)
}

// line reads a line of a description.
func (r *reader) line(d *description, kind byte, s span) {
	switch kind {
	case 'a':
		r.attribute(d, s)
	case 'm':
		r.announce(d)
		if d.ignored = d.n == maxMedia; !d.ignored {
			d.media = media{quiet: d.quiet}
			d.media.read(r.data, s)
			d.n++
		}
	case 'c':
		switch {
		case d.ignored:
		case d.n > 0:
			r.connection(&d.media.host, s)
		default:
			r.connection(&d.host, s)
		}
	case 'o': // o=user id version IN IP4 address
		for range 3 {
			_, s = field(r.data, s)
		}
		r.connection(&d.origin, s)
	}
}

// attributes are what those begin with that are read.
var attributes = [256]bool{'s': true, 'S': true, 'r': true, 'R': true, 'i': true, 'I': true}

var (
	textSendonly = textOf("sendonly")
	textInactive = textOf("inactive")
	textSendrecv = textOf("sendrecv")
	textRecvonly = textOf("recvonly")
	textMux      = textOf("rtcp-mux")
	textRTCP     = textOf("rtcp:")
	textSetup    = textOf("setup:")
)

// attribute reads an a-line.
func (r *reader) attribute(d *description, s span) {
	if d.ignored {
		return
	}
	if s.to-s.from == 8 && d.word(wordAt(r.data, s.from).lower()) {
		return
	}
	switch m := &d.media; {
	case d.n == 0:
	case textRTCP.starts(r.data, s):
		digits, rest := field(r.data, span{s.from + textRTCP.n, s.to})
		if n, ok := port(digits.of(r.data)); ok {
			m.rtcp, m.rtcpText, m.rtcpHost = n, digits, connection{}
			m.rtcpHost.read(r.data, rest, &r.ends)
		}
	case textSetup.starts(r.data, s):
		v := span{s.from + textSetup.n, s.to}
		m.setup, m.listens = true, v.is(r.data, "passive") || v.is(r.data, "actpass")
	}
}

// word reads an attribute of eight characters, and says whether it is one of those that
// are no more.
func (d *description) word(w word) bool {
	switch w {
	case textSendonly.first, textInactive.first:
		d.direction(true)
	case textSendrecv.first, textRecvonly.first:
		d.direction(false)
	case textMux.first:
		d.media.mux = d.n > 0
	default:
		return false
	}
	return true
}

// direction is which way media goes, of the session or of an m-line.
func (d *description) direction(quiet bool) {
	if d.n == 0 {
		d.quiet = quiet
		return
	}
	d.media.quiet = quiet
}

// field takes what is before the next white space off s.
func field(b []byte, s span) (first, rest span) {
	s = skip(b, s)
	at := s.from
	for at < s.to && !blank(b[at]) {
		at += max(wordAt(b, at).beforeBlank(), 1) // which may be another byte up to it
	}
	at = min(at, s.to)
	return span{s.from, at}, span{at, s.to}
}
