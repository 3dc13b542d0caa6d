import PostgreSQL
import Testing

@Suite("A conninfo")
struct ConninfoTests {
    @Test("is refused with a sentence that does not repeat a password", arguments: [
        ("host=/run/postgresql passwrd=x", "invalid connection option \"passwrd\""),
        ("host", "missing \"=\" after \"host\""),
        ("host=db password=hunter2", "the conninfo contains a password; put it into a file instead"),
        ("postgresql://app:hunter2@db/latchkey", "the conninfo contains a password; put it into a file instead"),
        ("host=db sslpassword=hunter2", "the conninfo contains a sslpassword; put it into a file instead"),
        ("host=db password=my hunter2", "neither a list of keyword=value"),
        ("postgresql://app:hunter2@[db/latchkey", "neither a list of keyword=value"),
        ("host=a,b,c port=1,2", "the conninfo names 2 of port for 3 hosts"),
        ("host=a,b hostaddr=10.0.0.1", "the conninfo names 1 of hostaddr for 2 hosts"),
    ])
    func refusal(text: String, sentence: String) throws {
        let error = try #require(failure { () throws(DatabaseError) in _ = try Conninfo(text) })
        #expect(error.kind == .invalidConninfo)
        #expect(error.description == "the database conninfo is not valid")
        #expect(error.serverMessage?.contains(sentence) == true, "\(error.serverMessage ?? "")")
        #expect(error.serverMessage?.contains("hunter2") == false)
    }

    @Test("that contains NUL is refused")
    func nul() {
        let error = failure { () throws(DatabaseError) in _ = try Conninfo("host=db\u{0}password=hunter2") }
        #expect(error?.serverMessage == "the conninfo contains NUL")
    }

    @Test("is accepted as keywords, as a URI and empty", arguments: [
        "", "host=/run/postgresql dbname=latchkey user=latchkey_application",
        "postgresql://latchkey_application@db1:5432,db2:5433/latchkey?target_session_attrs=any",
        "host=a,b hostaddr=10.0.0.1,10.0.0.2 port=5432 passfile=/etc/latchkey/passfile", "service=latchkey",
    ])
    func acceptance(text: String) throws {
        _ = try Conninfo(text)
    }
}
