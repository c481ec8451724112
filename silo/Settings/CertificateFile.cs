namespace Mall.Silo.Settings;

/// <summary>A certificate with its private key, in a PEM or PKCS#12 file without password, as a setting names it.</summary>
internal static class CertificateFile
{
    /// <summary>Null when the setting is not given.</summary>
    /// <exception cref="SettingsException">There is no such certificate in the file, or not any more.</exception>
    public static X509Certificate2? Read(IConfiguration configuration, string setting)
    {
        if (configuration[setting] is not { Length: > 0 } file) return null;
        try
        {
            var certificate = X509Certificate2.GetCertContentType(file) == X509ContentType.Pkcs12
                ? X509CertificateLoader.LoadPkcs12FromFile(file, password: null)
                : X509Certificate2.CreateFromPemFile(file);
            if (!certificate.HasPrivateKey) throw new CryptographicException("it has no private key");
            if (certificate.NotAfter > DateTime.Now) return certificate;
            throw new SettingsException(setting, $"the certificate in '{file}' ended on {certificate.NotAfter:yyyy-MM-dd}");
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            var why = e.Message.TrimEnd('.');
            throw new SettingsException(
                setting, $"'{file}' holds no certificate with its private key in PEM or PKCS#12 without password: {why}");
        }
    }
}
