package helpers

// HelloSize is how many bytes of a connection tell that it begins with a TLS
// ClientHello: the header of a handshake record and the type of its message
// (RFC 8446 sections 4 and 5.1).
const HelloSize = 6

// HelloByte says whether b may be the i-th byte of a connection that begins with a
// TLS ClientHello; i counts from 0 and is less than HelloSize. Every byte can be
// judged alone, so a hello may come in as many pieces as its sender likes.
func HelloByte(i int, b byte) bool {
	switch i {
	case 0:
		return b == 22 // a handshake
	case 1:
		return b == 3 // SSL 3.0 and all of TLS
	case 2:
		return b <= 4
	case 3:
		return b <= 1<<14>>8 // of the length, which is at most 2^14
	case 4:
		return true
	}
	return b == 1 // ClientHello
}

// BeginsHello says whether b, the first bytes of a connection, can be those of one
// that begins with a TLS ClientHello. whole says that there are enough of them.
func BeginsHello(b []byte) (can, whole bool) {
	for i := range min(len(b), HelloSize) {
		if !HelloByte(i, b[i]) {
			return false, true
		}
	}
	return true, len(b) >= HelloSize
}
