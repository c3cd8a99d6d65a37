package sip

// What characters mean to those who look for others.
const (
	markElement = 1 << iota // to the reader of elements
	markParam               // to that of parameters, in a URI or a Content-Type
	markList                // to that of parameters, in an element of a list
	markEquals              // to that of their names
	markHost                // to hostEnd
	markAngle               // to it between < and >
)

var marks = [256]uint8{
	'"': markElement | markParam | markList | markEquals, '<': markElement, ',': markElement | markList | markHost | markAngle,
	';': markElement | markParam | markList | markHost | markAngle, '=': markEquals, '?': markParam | markHost | markAngle,
	':': markHost | markAngle, '[': markHost | markAngle, '>': markAngle,
	' ': markHost | markAngle, '\t': markHost | markAngle, '\r': markHost | markAngle, '\n': markHost | markAngle,
}

// marked is where the first of the characters at is, outside of quotes, that is one of
// marks, to where there is none.
func marked(d []byte, at, to int, which uint8) int {
	for {
		if at += unmarked(d, at, to, which); at >= to {
			return to
		}
		if d[at] != '"' {
			return at
		}
		at = quoteEnd(d, at, to) + 1
	}
}

// unmarked is how many characters there are at, up to to, before one of those marks.
func unmarked(d []byte, at, to int, which uint8) int {
	if at >= to {
		return 0
	}
	b := d[at:to]
	for i, c := range b {
		if marks[c]&which != 0 {
			return i
		}
	}
	return len(b)
}

var endsQuote = stopsAt("\"\\", 0)

// quoteEnd is where the quotes are closed that open at, to where they are not.
func quoteEnd(d []byte, at, to int) int {
	for at++; ; at += 2 {
		if at = endsQuote.before(d, at, to); at >= to || d[at] == '"' {
			return min(at, to)
		}
	}
}
