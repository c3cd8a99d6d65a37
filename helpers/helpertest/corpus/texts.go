package corpus

import "portcullis/packet"

func ftp() []*Story {
	login := []Turn{
		server(say("220-Welcome to this server.\n220 It is ready\n")),
		client(say("USER joe\n")),
		server(say("331 Password?\n")),
		client(say("PASS secret\n")),
		server(say("230 Logged in\n")),
	}
	return []*Story{
		{Helper: "ftp", Name: "ports", Server: 21, Only4: true, Again: len(login), Turns: append(login,
			client(say("TYPE I\n")),
			server(say("200 Fine\n")),
			client(say("PASV\n")),
			server(say("227 Entering Passive Mode ({me,},{mine, 50000}).\n"), tcp(50000)),
			client(say("RETR one\n")),
			server(say("150 Here it comes\n")),
			server(say("226 Done\n")),
			client(say("PORT {me,},{mine, 50001}\n"), tcp(50001)),
			server(say("200 Fine\n")),
			client(say("RETR two\n")),
			server(say("150 Here it comes\n")),
			server(say("226 Done\n")),
		)},
		{Helper: "ftp", Name: "extended", Server: 21, Again: len(login), Turns: append(login[:len(login):len(login)],
			client(say("EPSV\n")),
			server(say("229 Extended Passive Mode (|||{mine 50000}|)\n"), tcp(50000)),
			client(say("STOR one\n")),
			server(say("150 Go on\n")),
			server(say("226 Done\n")),
			client(say("EPRT |{ipv}|{me}|{mine 50001}|\n"), tcp(50001)),
			server(say("200 Fine\n")),
		)},
	}
}

func irc() []*Story {
	return []*Story{
		{Helper: "irc", Name: "offer", Server: 6667, Only4: true, Again: 2, Turns: []Turn{
			client(say("NICK joe\nUSER joe 0 * :Joe\n")),
			server(say(":irc 001 joe :Welcome\n:irc 372 joe :-  of the day\n")),
			client(say("PRIVMSG #go :good morning\n")),
			server(say(":ann!a@b PRIVMSG joe :send it to me\n")),
			client(func(v *View) string {
				return "PRIVMSG ann :\x01DCC SEND file " + decimal(v.Me.Addr()) + say(" {mine 50000} 12\x01\n")(v)
			}, tcp(50000)),
			server(say("PING :irc\n")),
			client(say("PONG :irc\n")),
		}},
	}
}

func rtsp() []*Story {
	return []*Story{
		{Helper: "rtsp", Name: "play", Server: 554, Turns: []Turn{
			client(say("OPTIONS rtsp://{[you]}/a RTSP/1.0\nCSeq: 1\n\n")),
			server(say("RTSP/1.0 200 OK\nCSeq: 1\nPublic: DESCRIBE, SETUP, TEARDOWN, PLAY\n\n")),
			client(say("DESCRIBE rtsp://{[you]}/a RTSP/1.0\nCSeq: 2\nAccept: application/sdp\n\n")),
			server(say("RTSP/1.0 200 OK\nCSeq: 2\nContent-Base: rtsp://{[me]}/a/\nContent-Type: application/sdp\nContent-Length: {size}\n\n" +
				"v=0\nc=IN IP{family} {me}\nm=video 0 RTP/AVP 96\na=control:track1\n")),
			later(client(say("SETUP rtsp://{[you]}/a/track1 RTSP/1.0\nCSeq: 3\nTransport: RTP/AVP;unicast;client_port={mine 50000}-{mine 50001}\n\n"))),
			server(say("RTSP/1.0 200 OK\nCSeq: 3\nSession: 7\nTransport: RTP/AVP;unicast;"+
				"client_port={yours 50000}-{yours 50001};server_port={mine 6000}-{mine 6001}\n\n"), udp(6001)),
			client(say("PLAY rtsp://{[you]}/a RTSP/1.0\nCSeq: 4\nSession: 7\n\n"), udp(50000), udp(50001)),
			server(say("RTSP/1.0 200 OK\nCSeq: 4\nSession: 7\nRTP-Info: url=rtsp://{[me]}/a/track1;seq=1\n\n")),
		}},
	}
}

func tftp() []*Story {
	const port = 50000
	return []*Story{
		{Helper: "tftp", Name: "read", Proto: packet.ProtoUDP, Client: port, Server: 69, Turns: []Turn{
			client(func(*View) string { return "\x00\x01file\x00octet\x00blksize\x001400\x00" }, udp(port)),
		}},
	}
}

func amanda() []*Story {
	const handle = " HANDLE 000-00000008 SEQ 1180363234\n"
	line := func(s string) func(*View) string { return func(*View) string { return s } }
	return []*Story{
		{Helper: "amanda", Name: "backup", Proto: packet.ProtoUDP, Client: 840, Server: 10080, Turns: []Turn{
			client(line("Amanda 2.6 REQ" + handle + "SECURITY USER amandabackup\nSERVICE sendbackup\n")),
			server(line("Amanda 2.6 ACK" + handle)),
			server(func(v *View) string {
				return "Amanda 2.6 REP" + handle + v.words("CONNECT DATA {mine 50000} MESG {mine 50001} INDEX {mine 50002}") + "\nOPTIONS features=ff;\n"
			}, tcp(50000), tcp(50001), tcp(50002)),
		}},
	}
}

func rsh() []*Story {
	const port = 1022
	return []*Story{
		{Helper: "rsh", Name: "remote shell", Client: 1023, Server: 514, Again: 1, Turns: []Turn{
			client(func(v *View) string { return v.words("{mine 1022}") + "\x00" }, tcp(port)),
			client(func(*View) string { return "joe\x00joe\x00ls\x00" }),
			server(func(*View) string { return "\x00one two\n" }),
		}},
	}
}

// words is what say writes, on one line.
func (v *View) words(text string) string { return say(text)(v) }
