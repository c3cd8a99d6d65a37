package rtsp

import (
	"bytes"
	"net/netip"
)

// defaultPort is that of a URL without one.
const defaultPort = 554

// urls mentions the endpoints of absolute URLs in text, which stands at off, where
// they are of one of the two ends.
func (d *finder) urls(text []byte, off int) {
	for at := 0; ; {
		n := bytes.Index(text[at:], []byte("://"))
		if n < 0 {
			return
		}
		scheme := text[at : at+n]
		at += n + 3
		size := bytes.IndexAny(text[at:], "/?#;,\"<> \t")
		if size < 0 {
			size = len(text) - at
		}
		if ends(scheme, "rtsp") || ends(scheme, "rtspu") {
			authority := text[at : at+size]
			user := bytes.LastIndexByte(authority, '@') + 1
			d.authority(authority[user:], off+at+user)
		}
		at += size
	}
}

// ends says whether b ends with a word.
func ends(b []byte, word string) bool {
	n := len(b) - len(word)
	if n < 0 || !same(b[n:], word) {
		return false
	}
	return n == 0 || !(b[n-1]|0x20 >= 'a' && b[n-1]|0x20 <= 'z' || b[n-1] >= '0' && b[n-1] <= '9')
}

// authority mentions "address" or "address:port" of a URL: an end of the connection
// with its port, or its address alone where the port is another one.
func (d *finder) authority(text []byte, off int) {
	host := len(text)
	if i := bytes.LastIndexByte(text, ':'); i >= 0 && bytes.IndexByte(text[i:], ']') < 0 {
		host = i
	}
	a, ok := address(text[:host])
	if !ok || !d.ours(a) || a.Is6() != (text[0] == '[') {
		return
	}
	n := uint16(defaultPort)
	if host < len(text) {
		if n, ok = port(text[host+1:]); !ok {
			return
		}
	}
	own := d.seg.Dst.Port()
	if a == d.seg.Src.Addr() {
		own = d.seg.Src.Port()
	}
	if n == own {
		d.mention(netip.AddrPortFrom(a, n), off, len(text), spellURL)
		return
	}
	d.mention(netip.AddrPortFrom(a, 0), off, host, spellHost)
}

// description reads a body of n bytes at off that describes media (RFC 8866): the
// addresses of its lines "c=" and "o=", and where its streams are controlled.
func (d *finder) description(off, n int) {
	for end := off + n; off < end; {
		line, _, _ := bytes.Cut(d.seg.Data[off:end], []byte("\n"))
		text := bytes.TrimRight(line, "\r")
		switch {
		case bytes.HasPrefix(text, []byte("a=control:")):
			d.urls(text, off)
		case bytes.HasPrefix(text, []byte("c=")), bytes.HasPrefix(text, []byte("o=")):
			at := bytes.LastIndexByte(text, ' ') + 1
			host, _, _ := bytes.Cut(text[at:], []byte("/"))
			d.host(host, off+at)
		}
		off += len(line) + 1
	}
}
