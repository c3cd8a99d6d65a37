package behaviour_test

import "fmt"

// level is how strongly an RFC asks for something (RFC 2119).
type level string

const (
	must   level = "MUST"
	should level = "SHOULD" // RECOMMENDED, too
	may    level = "MAY"
)

// requirement is one that an RFC numbers, or a lettered part of one.
type requirement struct {
	id    string // "REQ-5a", or "section 2.1" where the RFC has no numbers
	level level
	asks  string // in our words
	// options are the attributes that change the answer: what shows the default
	// sets none of them, and what shows an option sets one of them.
	options []string
	choice  bool   // it asks for a choice: the options are the answer
	note    string // what is to be said besides

	aside string // why it does not apply; nothing shows it then
	lacks string // what is missing altogether, so that nothing can show it
}

// document is an RFC.
type document struct {
	number       int
	title, about string
	requirements []requirement
}

// documents are the RFCs of the page, in its order.
var documents = []*document{&udp, &tcp, &icmp, &cgn, &updates}

// label is how remarks name a requirement: "RFC 4787 REQ-5a".
func (d *document) label(r *requirement) string { return fmt.Sprintf("RFC %d %s", d.number, r.id) }
