package sip

// maxParts bounds the parts of a multipart body that are read.
const maxParts = 8

var textBoundary = textOf("boundary")

// content finds session descriptions in a body: it is one, or has some among its
// parts (RFC 5621).
func (r *reader) content(body span) {
	if textSDP.starts(r.data, r.kind) {
		r.describe(body)
		return
	}
	mark, ok := paramOf(r.data, afterType(r.data, r.kind), &textBoundary)
	boundary := mark.of(r.data)
	if n := len(boundary); n >= 2 && boundary[0] == '"' && boundary[n-1] == '"' {
		boundary = boundary[1 : n-1]
	}
	if !ok || len(boundary) == 0 || len(boundary) > 70 {
		return
	}
	begun, start := 0, 0
	for at := body.from; at >= 0 && at < body.to && begun <= maxParts; at = lineEnd(r.data[:body.to], at) {
		if !delimits(r.data[at:body.to], boundary) {
			continue
		}
		if begun > 0 {
			r.part(span{start, at})
		}
		begun++
		if start = lineEnd(r.data[:body.to], at); start < 0 {
			return
		}
	}
}

// afterType is the parameters of a Content-Type.
func afterType(d []byte, s span) span {
	for s.from < s.to && d[s.from] != ';' {
		s.from++
	}
	return s
}

// delimits says whether the line that begins b is a delimiter (RFC 2046 section 5.1).
func delimits(b, boundary []byte) bool {
	return len(b) >= 2+len(boundary) && b[0] == '-' && b[1] == '-' && string(b[2:2+len(boundary)]) == string(boundary)
}

// part reads a part of a multipart body, its headers first.
func (r *reader) part(s span) {
	described, plain := false, true
	for at := s.from; at < s.to; {
		if end := blankLine(r.data[:s.to], at); end > 0 {
			if described && plain {
				r.describe(span{end, s.to})
			}
			return
		}
		next := headerEnd(r.data[:s.to], at)
		if next < 0 {
			return
		}
		var h header
		switch name, v := h.slowly(r.data, span{at, next}), h.value.of(r.data); {
		case fold(name, "content-type"):
			described = textSDP.starts(r.data, h.value)
		case fold(name, "content-encoding"), fold(name, "content-transfer-encoding"):
			plain = plain && (fold(v, "identity") || fold(v, "binary") || fold(v, "8bit") || fold(v, "7bit"))
		}
		at = next
	}
}
