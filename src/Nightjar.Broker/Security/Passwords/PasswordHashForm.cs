namespace Nightjar.Broker.Security.Passwords;

/// <summary>How a password is hashed in a password file.</summary>
public enum PasswordHashForm
{
    /// <summary><c>$6$salt$hash</c>: SHA-512 of password and salt, once. Written by Mosquitto 1.x; too cheap for new files.</summary>
    Sha512,

    /// <summary><c>$7$iterations$salt$hash</c>: PBKDF2 with HMAC-SHA-512.</summary>
    Pbkdf2,

    /// <summary><c>$argon2id$v=19$m=..,t=..,p=..$salt$hash</c>: a PHC string; needs the platform's libargon2.</summary>
    Argon2id,
}
