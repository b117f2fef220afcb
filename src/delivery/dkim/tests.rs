use aws_lc_rs::signature::{
    ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};

use super::*;

const HEAD: &str = "From: Review <digest@example.org>\r\nTo: reader@example.org\r\nSubject: The week\r\n by region\r\nDate: Thu, 28 May 2026 20:26:40 +0000\r\nList-Id: <weekly.example.org>\r\n";
const BODY: &str = "line one\r\nline two\r\n";

fn mail(signers: &Signers) -> String {
    let mut mail = Vec::new();
    signers.reserve(&mut mail);
    mail.extend_from_slice(format!("{HEAD}\r\n{BODY}").as_bytes());
    signers.sign(&mut mail).unwrap();
    String::from_utf8(mail).unwrap()
}

fn tag(field: &str, name: &str) -> String {
    let squeezed: String = field.split_whitespace().collect();
    let start = squeezed.find(&format!(";{name}=")).unwrap() + name.len() + 2;
    squeezed[start..].split(';').next().unwrap().to_owned()
}

#[test]
fn two_signatures_verify_by_the_published_records() {
    let keys = [generate(Algorithm::Rsa).unwrap(), generate(Algorithm::Ed25519).unwrap()];
    let signers = Signers::new(vec![
        Signer::new("example.org", "rsa", &keys[0].private).unwrap(),
        Signer::new("example.org", "ed", &keys[1].private).unwrap(),
    ]);

    let mail = mail(&signers);

    assert!(mail.ends_with(&format!("{HEAD}\r\n{BODY}")));
    let fields: Vec<&str> = mail.split("DKIM-Signature:").skip(1).collect();
    assert_eq!(fields.len(), 2);
    for (index, field) in fields.iter().enumerate() {
        let field = field.split("\r\nFrom:").next().unwrap().trim_end_matches("\r\n");
        assert!(field.lines().all(|line| line.len() <= 78));
        assert_eq!(
            tag(field, "bh"),
            STANDARD.encode(digest::digest(&digest::SHA256, BODY.as_bytes()))
        );
        let unsigned = format!("DKIM-Signature:{}", field.rsplit_once("b=").unwrap().0) + "b=";
        let mut hashed = hashed_fields(HEAD.as_bytes(), &tag(field, "h"));
        hashed.extend(relaxed(unsigned.as_bytes()));
        let public = STANDARD.decode(keys[index].record.split_once("p=").unwrap().1).unwrap();
        let signature = STANDARD.decode(tag(field, "b")).unwrap();
        let (algorithm, text): (&dyn VerificationAlgorithm, Vec<u8>) = if index == 0 {
            (&RSA_PKCS1_2048_8192_SHA256, hashed)
        } else {
            (&ED25519, digest::digest(&digest::SHA256, &hashed).as_ref().to_vec())
        };
        UnparsedPublicKey::new(algorithm, public).verify(&text, &signature).unwrap();
    }
}

#[test]
fn list_fields_are_covered_and_those_people_see_cannot_be_added_to() {
    let names: Vec<&str> = SIGNED.split(':').collect();
    for name in ["from", "to", "subject", "date"] {
        assert_eq!(names.iter().filter(|signed| **signed == name).count(), 2, "{name}");
    }
    for name in
        ["list-id", "list-unsubscribe", "list-unsubscribe-post", "message-id", "content-type"]
    {
        assert!(names.contains(&name), "{name}");
    }
}

#[test]
fn a_wrong_key_is_named_with_its_remedy() {
    let error = Signer::new("example.org", "s1", &Secret::new("hunter2")).unwrap_err();
    assert!(
        error.contains("`s1`") && error.contains("dkim generate") && !error.contains("hunter2")
    );
    let key = generate(Algorithm::Ed25519).unwrap().private;
    assert!(Signer::new("example.org; x", "s1", &key).unwrap_err().contains("domain"));
    assert!(Signer::new("example.org", "", &key).unwrap_err().contains("selector"));
}

#[test]
fn a_mail_without_signers_stays_as_it_is() {
    assert_eq!(mail(&Signers::default()), format!("{HEAD}\r\n{BODY}"));
}

#[test]
fn a_mail_without_room_is_not_signed_over() {
    let key = generate(Algorithm::Ed25519).unwrap().private;
    let signers = Signers::new(vec![Signer::new("example.org", "s1", &key).unwrap()]);

    assert!(signers.sign(&mut b"From: x\r\n\r\n".to_vec()).is_err());
}
