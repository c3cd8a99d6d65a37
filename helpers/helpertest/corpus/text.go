package corpus

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// say is a text with these words in braces for what differs between the ends:
//
//	me, you         the address of who speaks, of the peer
//	[me], [you]     the same, in brackets if it is one of IPv6
//	me:, you:       address and port
//	me port, you port   the port
//	me,             the address as FTP writes it
//	mine N, yours N     an announced port
//	mine, N         the port as FTP writes it
//	family          4 or 6
//	ipv             1 or 2, as EPRT counts families
//	size            how many bytes there are behind the first empty line
//
// Lines end with CR LF.
func say(text string) func(*View) string {
	text = strings.ReplaceAll(text, "\n", "\r\n")
	return func(v *View) string {
		var b strings.Builder
		rest := text
		for {
			before, behind, found := strings.Cut(rest, "{")
			b.WriteString(before)
			if !found {
				break
			}
			var word string
			word, rest, _ = strings.Cut(behind, "}")
			b.WriteString(v.word(word))
		}
		return sized(b.String())
	}
}

// sizeMark stands for the size until that is known.
const sizeMark = "\x00size"

// sized writes the size of a message's body.
func sized(s string) string {
	_, body, _ := strings.Cut(s, "\r\n\r\n")
	return strings.Replace(s, sizeMark, strconv.Itoa(len(body)), 1)
}

// word is what a word in braces stands for.
func (v *View) word(word string) string {
	is6 := v.Me.Addr().Is6()
	switch word {
	case "me":
		return v.Me.Addr().String()
	case "you":
		return v.You.Addr().String()
	case "[me]":
		return host(v.Me.Addr())
	case "[you]":
		return host(v.You.Addr())
	case "me:":
		return v.Me.String()
	case "you:":
		return v.You.String()
	case "me port":
		return strconv.Itoa(int(v.Me.Port()))
	case "you port":
		return strconv.Itoa(int(v.You.Port()))
	case "me,":
		return strings.ReplaceAll(v.Me.Addr().String(), ".", ",")
	case "size":
		return sizeMark
	case "family":
		return map[bool]string{false: "4", true: "6"}[is6]
	case "ipv":
		return map[bool]string{false: "1", true: "2"}[is6]
	}
	whose, number, _ := strings.Cut(word, " ")
	n, err := strconv.ParseUint(number, 10, 16)
	switch {
	case err != nil:
	case whose == "mine":
		return strconv.Itoa(int(v.mine(uint16(n))))
	case whose == "yours":
		return strconv.Itoa(int(known(v.Yours, uint16(n))))
	case whose == "mine,":
		p := v.mine(uint16(n))
		return fmt.Sprintf("%d,%d", p>>8, p&255)
	}
	panic("corpus: no such word: " + word)
}

func (v *View) mine(port uint16) uint16 { return known(v.Mine, port) }

// host is an address as URLs write it.
func host(a netip.Addr) string {
	if a.Is6() {
		return "[" + a.String() + "]"
	}
	return a.String()
}
