package policy

// Policy is what the engine has to know of a compiled policy.
type Policy struct {
	ID       uint32 // policyid; 0 is the implicit deny
	Name     string
	Accept   bool
	NAT      bool // translate the source to the outgoing interface's address
	AnySeq   bool // anti-replay disable: TCP sequence numbers are not checked
	LogAll   bool // logtraffic all
	LogUTM   bool // logtraffic utm: only what a security profile has to say
	LogStart bool // logtraffic-start
	Tell     bool // send-deny-packet: who is denied is told
	ResetEnd bool // timeout-send-rst: an idle session ends with resets
	CheckNew bool // firewall-session-dirty check-new: its sessions are left alone when the configuration changes
	PickUp   PickUp
}

// PickUp is FortiOS's tcp-session-without-syn: which segments from the middle of
// a connection may begin a session.
type PickUp uint8

// Kinds of PickUp.
const (
	PickUpNone PickUp = iota
	PickUpData        // those with data
	PickUpAll
)

// Match is the outcome of a lookup. Policy is never nil: where no policy
// matched, it is the implicit deny and Found is false.
type Match struct {
	Policy  *Policy
	Service uint32 // the engine's number of the service's name; 0 is none
	Object  uint32 // number of the name of the policy's service that admits the flow, such as ALL; 0 is none
	Found   bool
}
