package sane

// Requests, by their numbers.
const (
	opInit = iota
	opGetDevices
	opOpen
	opClose
	opGetOptions
	opControl
	opGetParameters
	opStart
	opCancel
	opAuthorize
	opExit

	numOps
)

// What messages are made of, as programs: each letter reads a word.
//
//	q  the number of a request        ?  a status
//	w  any word                       p  the port of START, where the status is good
//	v  a version                      a  what to do with an option
//	s  a string: its length           r  the same, of what needs authorization
//	t  the type of a value            A  a value: how many elements it has
//	D  how many devices there are     O  how many options
//	n  whether an element is missing  c  the kind of an option's constraint
//	N  whether a range is missing     W  how many words a list has
//	L  how many strings a list has    l  the next of them
//	.  the end
const (
	progRequest = 0 // q
	progArgs    = 1 // and the number of a request: what follows q
	progReply   = progArgs + numOps
	progDevice  = progReply + numOps // an element of D
	progOption  = progDevice + 1     // an element of O
	numProgs    = progOption + 1
)

var programs = [numProgs]string{
	progRequest: "q",

	progArgs + opInit:       "vs",
	progArgs + opOpen:       "s",
	progArgs + opClose:      "w",
	progArgs + opGetOptions: "w",
	progArgs + opControl:    "wwatwA",

	progArgs + opGetParameters: "w",
	progArgs + opStart:         "w",
	progArgs + opCancel:        "w",
	progArgs + opAuthorize:     "sss",

	progReply + opInit:       "?w",
	progReply + opGetDevices: "?D",
	progReply + opOpen:       "?wr",
	progReply + opClose:      "w",
	progReply + opGetOptions: "O",
	progReply + opControl:    "?wtwAr",

	progReply + opGetParameters: "?wwwwww",
	progReply + opStart:         "?pwr",
	progReply + opCancel:        "w",
	progReply + opAuthorize:     "w",

	progDevice: "nssss",
	progOption: "nssswwwwc" + "Nwww." + "W." + "Ll",
}

// Where progOption goes on behind c.
const (
	atRange   = 9
	atWords   = 14
	atStrings = 16
)

// Kinds of constraints, types of values, and what to do with an option.
const (
	constraintNone = iota
	constraintRange
	constraintWords
	constraintStrings

	typeFixed  = 2 // and below: words
	typeString = 3
	typeGroup  = 5 // and 4: no value

	actionAuto = 2
)

const (
	maxCount = 1 << 20 // bytes or elements: SANE's own limit
	maxUser  = 1024    // bytes of the user's name in INIT
)
