package sip

// param is a parameter. Its value is empty where it has none.
type param struct{ name, value span }

// What parameters end at, or begin to be quoted.
var (
	endsList  = stopsAt(";,\"", markList)  // in an element of a list
	endsParam = stopsAt(";?\"", markParam) // in a URI or a Content-Type
)

// read reads the parameter at into p, and says where it ends, to at most.
func (p *param) read(d []byte, at, to int, ends *stops) (end int) {
	name := marked(d, at, to, ends.mark|markEquals)
	p.name, p.value, end = trim(d, span{at, name}), span{name, name}, name
	if name < to && d[name] == '=' {
		p.value, end = valueAt(d, name+1, to, ends)
	}
	return end
}

// valueAt is the value of a parameter that begins at, and where it ends, to at most.
func valueAt(d []byte, at, to int, ends *stops) (v span, end int) {
	if end = ends.before(d, at, to); end < to && d[end] == '"' {
		end = marked(d, end, to, ends.mark)
	}
	return trim(d, span{at, end}), end
}

// skip says where the parameter at ends, which is not read.
func (p *param) skip(d []byte, at, to int, ends *stops) (end int) {
	if end = ends.before(d, at, to); end < to && d[end] == '"' {
		return marked(d, end, to, ends.mark)
	}
	return end
}

// unlike says whether the parameter at has a name that begins with neither of two
// letters.
func unlike(d []byte, at, to int, a, b byte) bool {
	if at >= to {
		return true
	}
	c := d[at]
	return c > ' ' && c|0x20 != a && c|0x20 != b
}

// readNext takes the first parameter off params, of a URI or of a Content-Type, and
// reads it into p. Behind a question mark there are none.
func (p *param) readNext(d []byte, params *span) {
	at, to := params.from, params.to
	for at < to && d[at] != ';' {
		at++
	}
	at = p.read(d, min(at+1, to), to, &endsParam)
	if at < to && d[at] == '?' {
		at = to
	}
	params.from = at
}

// paramOf is the value of a parameter. found says whether it is there, perhaps without
// a value.
func paramOf(d []byte, params span, name *text) (value span, found bool) {
	for !params.empty() {
		var p param
		if p.readNext(d, &params); name.is(d, p.name) {
			return p.value, true
		}
	}
	return span{}, false
}
